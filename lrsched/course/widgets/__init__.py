"""The course's widgets: they work in JupyterLab, and in the published page with no kernel."""
