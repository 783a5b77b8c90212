"""Two services, as the platform team's component makes them."""

import pulumi
from service import Service

shop = Service("shop", team="storefront", regions=["fra", "iad"])
search = Service("search", team="discovery", regions=["fra"])

pulumi.export("shop", shop.backend_ids)
pulumi.export("search", search.backend_ids)
