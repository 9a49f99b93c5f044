"""The room that touches files: film and pictures in and out, every other stream kept."""
