"""What anybody writes to the programme about it, and what is answered. Source: rule R52."""
