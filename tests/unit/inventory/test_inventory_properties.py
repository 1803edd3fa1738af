"""Whatever servers are called and tagged: every server becomes exactly one host or is named in a warning."""

from ansible.module_utils.huaweicloud.inventory.groups import GroupNames
from ansible.module_utils.huaweicloud.inventory.hosts import RESERVED_NAMES, HostRules, make_hosts
from ansible.module_utils.huaweicloud.servers import parse_server
from ansible.plugins.inventory import to_safe_group_name
from fake_cloud import server
from hypothesis import example, given, settings
from hypothesis import strategies as st

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
NAMES = ANY | st.sampled_from(
    ["web", "all", "localhost", "region_test_1", "tag_a_b", "hazelcast", "10.0.0.1", "::1", ""]
)
TAGS = st.lists(
    st.builds("{}={}".format, ANY, ANY) | ANY | st.sampled_from(["a=b", "hazelcast=x", "hazelcast=X y", "hazelcast"]),
    max_size=6,
)
ADDRESSES = st.sampled_from(["", "v4", "v6", "both"])
SERVERS = st.lists(st.tuples(NAMES, TAGS, ADDRESSES), max_size=12)


def made(number, name, tags, kind):
    raw = server(number, name=name, tags=tags)
    items = next(iter(raw["addresses"].values()))
    if kind in ("v6", "both"):
        items.append({"version": "6", "addr": f"2001:db8::{number:x}", "OS-EXT-IPS:type": "fixed"})
    if kind in ("", "v6"):
        items.pop(0)
    return parse_server(raw, "test-1", "p"), raw


@settings(max_examples=300, deadline=None)
@given(SERVERS)
@example([("web", [], "v4"), ("web", [], "v4"), ("web_00000001-aaaa-bbbb-cccc-0123456789ab", [], "v4")])
def test_no_server_is_lost_and_no_name_is_taken_twice(drafts):
    servers = [made(number, *draft) for number, draft in enumerate(drafts)]
    hosts, warnings = make_hosts(servers, HostRules(), GroupNames(to_safe_group_name), lambda *_: "")
    reachable = [it for it, (_, _, kind) in zip(servers, drafts, strict=True) if kind in ("v4", "both")]
    assert [host.variables["ecs_id"] for host in hosts] == [it.id for it, _ in reachable]
    names = [host.name for host in hosts]
    groups = {group for host in hosts for pair in host.groups for group in pair if group}
    assert len(set(names)) == len(names)
    assert all(names)
    assert not groups & set(names)
    assert not RESERVED_NAMES & set(names)
    for group in groups:
        assert to_safe_group_name(group) == group
    assert any("Left out" in it for it in warnings) == (len(reachable) < len(servers))


@settings(max_examples=200, deadline=None)
@given(TAGS)
def test_tags_are_cut_at_the_first_equals_sign(tags):
    server_tags = made(1, "web", tags, "v4")[0].tags
    for key, value in server_tags.items():
        assert key
        assert "=" not in key
        assert (f"{key}={value}" in tags) or (not value and key in tags)
    assert set(server_tags) == {tag.partition("=")[0] for tag in tags} - {""}
