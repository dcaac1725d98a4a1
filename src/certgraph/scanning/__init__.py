"""What an employer hands in, read: codes in pictures, PDF pages, texts and workbooks."""
