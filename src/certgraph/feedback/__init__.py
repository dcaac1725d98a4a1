"""What anybody tells the programme about it, and what is answered. Source: rule R52."""
