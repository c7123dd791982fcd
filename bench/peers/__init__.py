"""What our relay is compared with: each installed into .bench, outside the product's environment."""
