"""The policy pack: rules of a platform team for the backends in its stacks. It needs the ``policy`` extra.

There are three ways to use it: as an executable (``--policy-pack "$(command -v pulumi-ngrok-tg-policy)"``), as a policy
pack folder (this one), and as Python objects in your own pack:

    PolicyPack("our-rules", [*tunnel_group_policies({"description-required": "mandatory"}), our_own_policy])
"""

from pulumi_ngrok_tg.policy.pack import tunnel_group_policies
from pulumi_ngrok_tg.policy.setting_schemas import SettingError

__all__ = ["SettingError", "tunnel_group_policies"]
