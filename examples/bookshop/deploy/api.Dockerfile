# The right way: Docker asks the server.
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir fastapi sqlalchemy uvicorn
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:8001/livez', timeout=2)"]
CMD ["uvicorn", "api.main:app", "--host", "0.0.0.0", "--port", "8001"]
