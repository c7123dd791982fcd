"""How deliveries reach their endpoints: whose turn it is, one request, what came of it, and when it is tried again."""
