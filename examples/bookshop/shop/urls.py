from django.urls import path

from shop import views

urlpatterns = [
    path("books/", views.BookList.as_view()),
    path("search/", views.search),
    path("search-by-parameter/", views.search_by_parameter),
    path("titles/", views.titles),
]
