"""Who is told, when and how: plans, deliveries, their words, and the FCM client."""
