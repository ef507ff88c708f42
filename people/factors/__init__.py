"""What people prove who they are with, beside a password."""
