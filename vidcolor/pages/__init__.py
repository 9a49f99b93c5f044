"""Pages that people open in a browser: templates, style sheets and plots; records come in."""
