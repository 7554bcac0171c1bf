"""Tables, figures, model cards and the page that people open first."""
