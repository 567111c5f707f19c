"""The whole project: files, roots, modules, classes, models, manifests."""
