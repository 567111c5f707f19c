from django.db import connection
from django.http import JsonResponse
from rest_framework import generics

from shop import reports
from shop.models import Book
from shop.serializers import BookSerializer


class BookList(generics.ListAPIView):
    queryset = Book.objects.select_related("author").order_by("id")
    serializer_class = BookSerializer


def search(request):
    """Pitfall: the reader of the query string writes the statement."""
    title = request.GET.get("title", "")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT title FROM shop_book WHERE title = '{title}'")
        return JsonResponse({"titles": [row[0] for row in cursor.fetchall()]})


def search_by_parameter(request):
    """The right way: the value is a parameter."""
    title = request.GET.get("title", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM shop_book WHERE title = %s", [title])
        return JsonResponse({"titles": [row[0] for row in cursor.fetchall()]})


def titles(request):
    ids = [int(value) for value in request.GET.getlist("id")]
    return JsonResponse({"titles": reports.titles_by_id(ids)})
