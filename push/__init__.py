"""Who is told, when and how: devices, deliveries and the FCM client."""
