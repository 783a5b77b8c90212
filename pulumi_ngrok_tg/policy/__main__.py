"""The pack as a policy pack folder: the engine runs this file."""

from pulumi_ngrok_tg.policy.pack import serve

serve()
