"""What people see in a browser, and what machines ask to know whether all is well."""
