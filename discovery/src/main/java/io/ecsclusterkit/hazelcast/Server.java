package io.ecsclusterkit.hazelcast;

import java.util.Collections;
import java.util.List;
import java.util.Map;

/** An ECS server, as far as discovery needs it. */
final class Server {

    /** A private IPv4 address and the id of the VPC it is in. */
    static final class Address {

        private final String vpc;
        private final String ip;

        Address(String vpc, String ip) {
            this.vpc = vpc;
            this.ip = ip;
        }

        String vpc() {
            return vpc;
        }

        String ip() {
            return ip;
        }
    }

    private final String id;
    private final String status;
    private final String zone;
    private final String vpc;
    private final String group;
    private final List<Address> addresses;
    private final Map<String, String> tags;

    /**
     * @param status e.g. ACTIVE; null for a server that is gone
     * @param zone its availability zone, or null
     * @param vpc the VPC it was created in, or null
     * @param group the id of its server group, or null
     * @param addresses its private addresses as the API lists them
     */
    Server(String id, String status, String zone, String vpc, String group, List<Address> addresses, Map<String, String> tags) {
        this.id = id;
        this.status = status;
        this.zone = zone;
        this.vpc = vpc;
        this.group = group;
        this.addresses = List.copyOf(addresses);
        this.tags = Collections.unmodifiableMap(tags);
    }

    String id() {
        return id;
    }

    boolean exists() {
        return status != null && !"DELETED".equals(status);
    }

    boolean active() {
        return "ACTIVE".equals(status);
    }

    String zone() {
        return zone;
    }

    String vpc() {
        return vpc;
    }

    String group() {
        return group;
    }

    List<Address> addresses() {
        return addresses;
    }

    Map<String, String> tags() {
        return tags;
    }
}
