"""The packet filter's text: what is refused, in which order, and for which subnets."""

from ipaddress import IPv4Network

from lab import blueprint
from lab.net import addresses, firewall
from lab.settings import LabSettings, RegionSettings, Subnet


def settings(*subnets: Subnet) -> LabSettings:
    made = blueprint.new("ab12", IPv4Network("10.210.0.0/16"), "image", "ssh-ed25519 AAAA lab", 8080)
    region = RegionSettings("r", "p", ("a",), subnets or made.regions[0].subnets)
    return LabSettings(**{**vars(made), "regions": (region,)})


def subnet(index: int, vpc_id: str) -> Subnet:
    network = addresses.subnet(IPv4Network("10.210.0.0/16"), index)
    bridge = addresses.bridge_name("ab12", index)
    return Subnet(f"s{index}", vpc_id, str(network), addresses.gateway(network), bridge)


def position(rules: list[str], *words: str) -> int:
    return next(index for index, rule in enumerate(rules) if all(word in rule for word in words))


def test_link_local_is_refused_before_anything_is_accepted() -> None:
    rules = firewall.filter_table(settings()).splitlines()
    assert position(rules, "169.254.0.0/16", "REJECT") < position(rules, "FORWARD", "ACCEPT")


def test_only_the_metadata_port_is_led_to_the_service() -> None:
    [rule] = [line for line in firewall.nat_table(settings()).splitlines() if "-j DNAT" in line]
    assert "-s 10.210.0.0/16 -d 169.254.169.254/32 -p tcp --dport 80" in rule
    assert rule.endswith("--to-destination 10.210.255.1:8081")


def test_hosts_reach_their_vpc_and_no_other() -> None:
    pairs = firewall.subnet_pairs(settings(subnet(0, "red"), subnet(1, "red"), subnet(2, "blue")), [])
    assert ("10.210.0.0/24", "10.210.1.0/24") in pairs
    assert ("10.210.1.0/24", "10.210.0.0/24") in pairs
    assert ("10.210.2.0/24", "10.210.2.0/24") in pairs
    assert not any("10.210.2.0/24" in pair and pair[0] != pair[1] for pair in pairs)


def test_other_labs_are_refused_after_the_own_vpcs_and_before_the_outside() -> None:
    rules = firewall.filter_table(settings()).splitlines()
    own = position(rules, "-i ekab12b+ -o ekab12b+ -j DROP")
    labs = position(rules, "-i ekab12b+ -o ek+", "REJECT")
    outside = position(rules, "-A EK-ab12-FORWARD -i ekab12b+ -j EK-ab12-SGOUT")
    assert own < labs < outside


def test_nobody_else_reaches_hosts_or_the_api() -> None:
    rules = firewall.filter_table(settings()).splitlines()
    assert "-A EK-ab12-FORWARD -o ekab12b+ -j REJECT" in rules
    incoming = [rule for rule in rules if rule.startswith("-A EK-ab12-INPUT")]
    assert incoming[-1] == "-A EK-ab12-INPUT ! -i lo -d 10.210.255.1 -j REJECT"


def test_every_chain_is_the_labs_own_and_entered_once() -> None:
    hooks = firewall.hooks("ab12")
    declared = firewall.filter_table(settings()) + firewall.nat_table(settings())
    assert all(f":{hook.target} -" in declared for hook in hooks)
    assert all("ab12" in hook.target and hook.comment == "ecs-cluster-kit lab ab12" for hook in hooks)
    assert [hook.table for hook in hooks] == ["filter"] * 3 + ["nat"] * 3  # what refuses comes first
