"""The servers of the benchmark: one formula, rendered in the shape of each cloud. Five tags a server."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

VPC = "140fd038-c4ae-4c32-ac07-34b525eb6b95"
IMAGE = "1ce5800a-e487-4c1b-b264-3353a39e2b4b"
FLAVOR = "c7.large.2"

Json = dict[str, Any]


def name(number: int) -> str:
    return f"node-{number:05d}"


def server_id(number: int) -> str:
    return f"{number:08x}-f0b5-4ce8-8b9a-1e4c0fb53b6a"


def address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def tags(number: int) -> dict[str, str]:
    return {
        "hazelcast": f"prod-{number % 20}",
        "env": ("prod", "test", "dev")[number % 3],
        "team": f"team-{number % 10}",
        "role": f"role-{number % 5}",
        "owner": f"user-{number % 7}",
    }


def zone(number: int) -> str:
    return "abc"[number % 3]


def ecs_server(number: int, region: str) -> Json:
    """An element of ListServersDetails with all the fields the real one has: about 3 KB."""
    port = f"7b5d615c-186d-4646-9cb8-{number:012x}"
    nic = {
        "version": "4",
        "addr": address(number),
        "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:95:88:3f",
        "OS-EXT-IPS:port_id": port,
        "OS-EXT-IPS:type": "fixed",
    }
    return {
        "fault": None,
        "id": server_id(number),
        "name": name(number),
        "addresses": {VPC: [nic]},
        "flavor": {"disk": "0", "vcpus": "2", "ram": "4096", "id": FLAVOR, "name": FLAVOR},
        "accessIPv4": "",
        "accessIPv6": "",
        "status": "ACTIVE",
        "progress": 0,
        "image": {"id": IMAGE},
        "hostId": "f92345b97fd291f67a29ed735a82a8983f370175d2ba3d18d66893f4",
        "updated": "2026-08-14T07:26:49Z",
        "created": "2026-08-13T13:46:09Z",
        "metadata": {
            "charging_mode": "0",
            "metering.image_id": IMAGE,
            "metering.imagetype": "gold",
            "metering.resourcespeccode": f"{FLAVOR}.linux",
            "metering.cloudServiceType": "hws.service.type.ec2",
            "image_name": "Huawei Cloud EulerOS 2.0 Standard 64 bit",
            "os_bit": "64",
            "os_type": "Linux",
            "vpc_id": VPC,
            "__support_agent_list": "hss,ces",
            "agency_name": "ecs-agency",
        },
        "tags": [f"{key}={value}" for key, value in tags(number).items()],
        "description": "",
        "locked": False,
        "tenant_id": project(region),
        "user_id": "bb7f23e27e7e46f3aaceb5f53a158bdc",
        "key_name": None,
        "os-extended-volumes:volumes_attached": [
            {"device": "/dev/vda", "bootIndex": "0", "id": port, "delete_on_termination": "true"},
            {"device": "/dev/vdb", "bootIndex": None, "id": port, "delete_on_termination": "false"},
        ],
        "OS-EXT-STS:task_state": None,
        "OS-EXT-STS:power_state": 1,
        "OS-EXT-STS:vm_state": "active",
        "OS-EXT-SRV-ATTR:host": "pod04.cnnorth4a",
        "OS-EXT-SRV-ATTR:instance_name": f"instance-{number:08x}",
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": region + zone(number),
        "os:scheduler_hints": {},
        "OS-EXT-SRV-ATTR:user_data": "IyEvYmluL2Jhc2gK" * 40,
        "OS-SRV-USG:launched_at": "2026-08-13T13:46:46.000000",
        "host_status": "UP",
        "OS-EXT-SRV-ATTR:hostname": name(number),
        "enterprise_project_id": "0",
        "sys_tags": [{"key": "_sys_enterprise_project_id", "value": "0"}],
        "security_groups": [{"id": "71846bf6-1cda-4515-8590-3707be295e76", "name": "default"}],
        "cpu_options": {"hw:cpu_threads": None},
    }


def project(region: str) -> str:
    return f"project-{region}"


def ecs_page(region: str, count: int, marker: str | None, limit: int) -> bytes:
    first = int(marker.partition("-")[0], 16) + 1 if marker else 0
    servers = [ecs_server(number, region) for number in range(first, min(count, first + limit))]
    return json.dumps({"count": count, "servers": servers}).encode()


def ec2_instances(count: int) -> bytes:
    """DescribeInstances: one reservation an instance, with the fields EC2 always sends."""
    items = "".join(_ec2_reservation(number) for number in range(count))
    return _ec2("DescribeInstances", f"<reservationSet>{items}</reservationSet>")


def ec2_zones() -> bytes:
    return _ec2("DescribeAvailabilityZones", "<availabilityZoneInfo/>")


def _ec2(action: str, content: str) -> bytes:
    space = "http://ec2.amazonaws.com/doc/2016-11-15/"
    return f'<{action}Response xmlns="{space}"><requestId>r</requestId>{content}</{action}Response>'.encode()


def _ec2_reservation(number: int) -> str:
    wanted = {"Name": name(number), **tags(number)}
    tag_set = "".join(f"<item><key>{key}</key><value>{escape(value)}</value></item>" for key, value in wanted.items())
    ip = address(number)
    nic = (
        f"<networkInterfaceId>eni-{number:017x}</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>"
        f"<description/><ownerId>1</ownerId><status>in-use</status><macAddress>0a:00:00:00:00:01</macAddress>"
        f"<privateIpAddress>{ip}</privateIpAddress><sourceDestCheck>true</sourceDestCheck>"
        "<groupSet><item><groupId>sg-1</groupId><groupName>default</groupName></item></groupSet>"
        f"<attachment><attachmentId>eni-attach-{number}</attachmentId><deviceIndex>0</deviceIndex>"
        "<status>attached</status><attachTime>2026-08-13T13:46:46Z</attachTime>"
        "<deleteOnTermination>true</deleteOnTermination></attachment>"
        f"<privateIpAddressesSet><item><privateIpAddress>{ip}</privateIpAddress><primary>true</primary></item>"
        "</privateIpAddressesSet>"
    )
    return (
        f"<item><reservationId>r-{number:017x}</reservationId><ownerId>1</ownerId><groupSet/><instancesSet><item>"
        f"<instanceId>i-{number:017x}</instanceId><imageId>ami-1</imageId>"
        "<instanceState><code>16</code><name>running</name></instanceState>"
        f"<privateDnsName>{name(number)}.internal</privateDnsName><dnsName/><reason/><amiLaunchIndex>0</amiLaunchIndex>"
        "<productCodes/><instanceType>c5.large</instanceType><launchTime>2026-08-13T13:46:46Z</launchTime>"
        f"<placement><availabilityZone>us-east-1{zone(number)}</availabilityZone><groupName/>"
        "<tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>"
        f"<subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>{ip}</privateIpAddress>"
        "<sourceDestCheck>true</sourceDestCheck>"
        "<groupSet><item><groupId>sg-1</groupId><groupName>default</groupName></item></groupSet>"
        "<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/sda1</rootDeviceName>"
        "<blockDeviceMapping><item><deviceName>/dev/sda1</deviceName><ebs><volumeId>vol-1</volumeId>"
        "<status>attached</status><attachTime>2026-08-13T13:46:46Z</attachTime>"
        "<deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>"
        "<cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>"
        "<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference>"
        "</capacityReservationSpecification><hibernationOptions><configured>false</configured></hibernationOptions>"
        "<metadataOptions><state>applied</state><httpTokens>required</httpTokens>"
        "<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>"
        "<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags>"
        "</metadataOptions><enclaveOptions><enabled>false</enabled></enclaveOptions>"
        "<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>"
        "<privateDnsNameOptions><hostnameType>ip-name</hostnameType>"
        "<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>"
        "<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>"
        "<platformDetails>Linux/UNIX</platformDetails><usageOperation>RunInstances</usageOperation>"
        "<usageOperationUpdateTime>2026-08-13T13:46:46Z</usageOperationUpdateTime>"
        "<bootMode>uefi-preferred</bootMode><currentInstanceBootMode>uefi</currentInstanceBootMode><enaSupport>true</enaSupport>"
        f"<virtualizationType>hvm</virtualizationType><clientToken/><tagSet>{tag_set}</tagSet><hypervisor>xen</hypervisor>"
        f"<networkInterfaceSet><item>{nic}</item></networkInterfaceSet><ebsOptimized>false</ebsOptimized>"
        "</item></instancesSet></item>"
    )


def hcloud_page(count: int, page: int, per_page: int) -> bytes:
    first = (page - 1) * per_page
    servers = [_hcloud_server(number) for number in range(first, min(count, first + per_page))]
    return json.dumps({"servers": servers, "meta": _hcloud_meta(count, page, per_page)}).encode()


def hcloud_locations() -> bytes:
    return json.dumps({"locations": [], "meta": _hcloud_meta(0, 1, 50)}).encode()


def _hcloud_meta(count: int, page: int, per_page: int) -> Json:
    paging = {
        "page": page,
        "per_page": per_page,
        "previous_page": page - 1 or None,
        "next_page": page + 1 if page * per_page < count else None,
        "last_page": -(-count // per_page),
        "total_entries": count,
    }
    return {"pagination": paging}


def _hcloud_server(number: int) -> Json:
    location = {
        "id": 1,
        "name": f"fsn1-{zone(number)}",
        "description": "Falkenstein",
        "country": "DE",
        "city": "Falkenstein",
        "latitude": 50.4,
        "longitude": 12.3,
        "network_zone": "eu-central",
    }
    kinds = {"supported": [1], "available": [1], "available_for_migration": [1]}
    prices = [
        {"location": "fsn1", "price_hourly": {"net": "1", "gross": "1"}, "price_monthly": {"net": "1", "gross": "1"}}
    ]
    return {
        "id": number + 1,
        "name": name(number),
        "status": "running",
        "created": "2026-08-13T13:46:46+00:00",
        "public_net": {
            "ipv4": {
                "id": number + 1,
                "ip": address(number),
                "blocked": False,
                "dns_ptr": f"{name(number)}.example.com",
            },
            "ipv6": {"id": number + 1, "ip": "2001:db8::/64", "blocked": False, "dns_ptr": []},
            "floating_ips": [],
            "firewalls": [],
        },
        "private_net": [],
        "server_type": {
            "id": 1,
            "name": "cx22",
            "description": "CX22",
            "cores": 2,
            "memory": 4,
            "disk": 40,
            "deprecated": False,
            "prices": prices,
            "storage_type": "local",
            "cpu_type": "shared",
            "architecture": "x86",
            "deprecation": None,
        },
        "datacenter": {"id": 1, "name": "fsn1-dc14", "description": "x", "location": location, "server_types": kinds},
        "location": location,
        "image": {
            "id": 1,
            "type": "system",
            "status": "available",
            "name": "debian-12",
            "description": "Debian 12",
            "image_size": None,
            "disk_size": 5,
            "created": "2026-08-13T13:46:46+00:00",
            "created_from": None,
            "bound_to": None,
            "os_flavor": "debian",
            "os_version": "12",
            "rapid_deploy": True,
            "protection": {"delete": False},
            "deprecated": None,
            "labels": {},
            "deleted": None,
            "architecture": "x86",
        },
        "iso": None,
        "rescue_enabled": False,
        "locked": False,
        "backup_window": None,
        "outgoing_traffic": 1,
        "ingoing_traffic": 1,
        "included_traffic": 1,
        "protection": {"delete": False, "rebuild": False},
        "labels": tags(number),
        "volumes": [],
        "load_balancers": [],
        "primary_disk_size": 40,
        "placement_group": None,
    }
