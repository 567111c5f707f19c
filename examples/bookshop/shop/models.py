from django.db import models


class Publisher(models.Model):
    name = models.CharField(max_length=80)


class Author(models.Model):
    name = models.CharField(max_length=80)
    publisher = models.ForeignKey(Publisher, on_delete=models.CASCADE, related_name="authors")

    def latest_book(self):
        return self.books.order_by("-published").first()


class Book(models.Model):
    title = models.CharField(max_length=120)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    published = models.DateField()
    price = models.DecimalField(max_digits=8, decimal_places=2)


class Order(models.Model):
    customer = models.CharField(max_length=80)
    placed = models.DateTimeField(auto_now_add=True)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField(default=1)
