"""Printed certificates: PDF/A with the QR code as lines, read back before anybody gets one."""
