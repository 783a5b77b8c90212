"""The website's backend."""

import pulumi
from infrastructure import backend_of

web = backend_of("web", pulumi.get_stack())
pulumi.export("web_id", web.id)
