"""Credits into courses: measures, applications."""
