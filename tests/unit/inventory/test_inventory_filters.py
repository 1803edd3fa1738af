"""Filters on the lab's API: signed as they are sent, exact where the API is fuzzy, one query for each of several."""

from lab_region import LIST, PROJECTS, REGION

ODD_TAGS = [{"env": "prod"}, {"团队": "支付"}, {"note": "a b+c&d"}, {"plus~": "x%y"}]


def test_every_filter_is_signed_as_it_is_sent(lab, ansible):
    """The lab checks the signature of each query: a character escaped otherwise than signed is a 401."""
    for number, tags in enumerate(ODD_TAGS):
        lab.seed(1, name=f"wanted-{number}", tags=tags)
    lab.seed(1, name="other", tags={"env": "test"})
    members = [
        {"tags": tags, "status": "active", "name": f"wanted-{number}", "not_tags": ["gone"]}
        for number, tags in enumerate(ODD_TAGS)
    ]
    assert sorted(ansible.listed(include_filters=members)) == [f"wanted-{number}" for number in range(4)]
    assert lab.statuses(LIST) == {200: 4}


def test_the_api_is_fuzzy_and_the_filter_exact(lab, ansible):
    for name in ("web-1", "web-10", "my-web-1", "web.1"):
        lab.seed(1, name=name)
    assert list(ansible.listed(filters={"name": "web-1"})) == ["web-1"]
    assert sorted(ansible.listed(filters={"name": "web-?*"})) == ["web-1", "web-10"]
    (address,) = (it["ansible_host"] for it in ansible.listed(filters={"name": "web-10"}).values())
    assert list(ansible.listed(filters={"ip": address})) == ["web-10"]


def test_union_and_exclusion(lab, ansible):
    """`filters` is one more member of the union; what is excluded needs no query of its own."""
    for number, (env, tier) in enumerate([("prod", "db"), ("prod", "web"), ("test", "db"), ("test", "web")], 1):
        lab.seed(1, name=f"s{number}", tags={"env": env, "tier": tier})
    hosts = ansible.listed(
        filters={"tags": {"env": "prod"}},
        include_filters=[{"tags": {"tier": "db"}}],
        exclude_filters=[{"name": "s1"}, {"tags": {"env": "none"}}],
    )
    assert sorted(hosts) == ["s2", "s3"]
    assert (lab.asked(LIST), lab.asked(PROJECTS)) == (2, 1)


def test_tags_by_key_and_by_absence(lab, ansible):
    lab.seed(1, name="empty", tags={"a": ""})
    lab.seed(1, name="full", tags={"a": "x"})
    lab.seed(1, name="none")
    assert sorted(ansible.listed(filters={"tags": {"a": ""}})) == ["empty", "full"]
    assert list(ansible.listed(filters={"not_tags": ["a"]})) == ["none"]
    assert sorted(ansible.listed(filters={"not_tags": {"a": "x"}})) == ["empty", "none"]


def test_regions_of_the_environment_are_a_comma_list(lab, ansible):
    for region in (REGION, "lab-02"):
        lab.seed(1, region=region, name=region)
    hosts = ansible.listed(environment={"HW_REGION_NAME": f"{REGION}, lab-02"})
    assert {name: it["ecs_region"] for name, it in hosts.items()} == {REGION: REGION, "lab-02": "lab-02"}
