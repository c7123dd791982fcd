"""What an operator does and sees, on the page and on the command line alike. Every act is in the audit log."""
