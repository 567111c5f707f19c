"""Dockerfiles and Kubernetes workloads as facts with positions."""
