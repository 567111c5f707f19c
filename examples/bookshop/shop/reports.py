from shop.models import Author, Book


def titles_by_id(ids):
    """Pitfall: one query a book."""
    titles = []
    for book_id in ids:
        titles.append(Book.objects.get(pk=book_id).title)
    return titles


def titles_by_id_at_once(ids):
    """The right way: one query for all books."""
    books = Book.objects.in_bulk(ids)
    return [books[book_id].title for book_id in ids]


def latest_titles():
    """Pitfall: the query hides in a method of the model."""
    latest = {}
    for author in Author.objects.all():
        book = author.latest_book()
        latest[author.name] = book.title if book else None
    return latest


def latest_titles_at_once():
    """The right way: authors with their books in two queries."""
    latest = {}
    for author in Author.objects.prefetch_related("books"):
        books = sorted(author.books.all(), key=lambda book: book.published)
        latest[author.name] = books[-1].title if books else None
    return latest
