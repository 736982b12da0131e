"""Django: its REST framework for the API, its admin for the queue page."""
