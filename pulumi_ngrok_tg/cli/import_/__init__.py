"""``pulumi-ngrok-tg import``: a module of the program that declares backends, each with the id that it adopts."""
