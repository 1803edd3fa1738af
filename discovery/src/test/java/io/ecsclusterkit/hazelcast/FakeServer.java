package io.ecsclusterkit.hazelcast;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/** A server of {@link FakeCloud}. */
final class FakeServer {

    final String id = UUID.randomUUID().toString();
    volatile String status = "ACTIVE";
    volatile String zone = "lab-north-1a";
    volatile String vpc = "vpc-1";
    volatile String group;
    volatile String userData = "IyEvYmluL2Jhc2gK";
    /** Pairs of a VPC id and an address. */
    final List<String[]> addresses = new ArrayList<>();
    final Map<String, String> tags = new LinkedHashMap<>();

    static FakeServer at(String ip) {
        FakeServer server = new FakeServer();
        server.addresses.add(new String[] {"vpc-1", ip});
        return server;
    }

    FakeServer tag(String key, String value) {
        tags.put(key, value);
        return this;
    }

    FakeServer status(String now) {
        status = now;
        return this;
    }

    FakeServer zone(String name) {
        zone = name;
        return this;
    }

    boolean matches(Map<String, List<String>> query) {
        if (query.containsKey("server_id")) {
            return query.get("server_id").contains(id);
        }
        boolean rightStatus = !query.containsKey("status") || status.equals(query.get("status").get(0))
                || status.equals("REBOOT") && query.get("status").contains("ACTIVE");
        boolean rightIp = !query.containsKey("ip_eq") || addresses.stream().anyMatch(pair -> query.get("ip_eq").contains(pair[1]));
        boolean rightTags = query.getOrDefault("tags", List.of()).stream().allMatch(wanted -> {
            String[] pair = wanted.split("=", 2);
            return (pair.length < 2 ? "" : pair[1]).equals(tags.get(pair[0]));
        });
        return rightStatus && rightIp && rightTags;
    }

    String json() {
        Map<String, List<String>> byVpc = new LinkedHashMap<>();
        addresses.forEach(pair -> byVpc.computeIfAbsent(pair[0], name -> new ArrayList<>()).add(
                "{\"version\":\"4\",\"addr\":\"" + pair[1] + "\",\"OS-EXT-IPS-MAC:mac_addr\":\"fa:16:3e:95:88:3f\",\"OS-EXT-IPS:type\":\"fixed\"}"));
        byVpc.values().forEach(list -> list.add("{\"version\":\"4\",\"addr\":\"121.36.10.20\",\"OS-EXT-IPS:type\":\"floating\"}"));
        String nics = byVpc.entrySet().stream().map(entry -> "\"" + entry.getKey() + "\":[" + String.join(",", entry.getValue()) + "]")
                .collect(Collectors.joining(","));
        String tagList = tags.entrySet().stream().map(tag -> "\"" + tag.getKey() + (tag.getValue().isEmpty() ? "" : "=" + tag.getValue()) + "\"")
                .collect(Collectors.joining(","));
        return "{\"fault\":null,\"id\":\"" + id + "\",\"name\":\"n\",\"addresses\":{" + nics + "},\"status\":\"" + status
                + "\",\"metadata\":{\"charging_mode\":\"0\",\"vpc_id\":\"" + vpc + "\"},\"tags\":[" + tagList + "],\"key_name\":null,"
                + "\"flavor\":{\"id\":\"c7\",\"ram\":\"4096\"},\"os:scheduler_hints\":" + (group == null ? "{}" : "{\"group\":[\"" + group + "\"]}")
                + ",\"OS-EXT-AZ:availability_zone\":\"" + zone + "\",\"OS-EXT-SRV-ATTR:user_data\":\"" + userData + "\","
                + "\"sys_tags\":[{\"key\":\"_sys\",\"value\":\"0\"}],\"security_groups\":[{\"name\":\"sg\"}],\"progress\":0}";
    }
}
