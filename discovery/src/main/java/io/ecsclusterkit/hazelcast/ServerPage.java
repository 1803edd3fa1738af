package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One page of ListServersDetails (ECS API, GET /v1/{project_id}/cloudservers/detail). */
final class ServerPage {

    private final List<Server> servers = new ArrayList<>();
    private long count;
    private boolean listed;

    private ServerPage() {
    }

    /**
     * Reads a page while it arrives, keeping the few fields that matter.
     *
     * @throws IOException when the stream ends early, is not JSON or is not a list of servers
     */
    static ServerPage read(InputStream in) throws IOException {
        ServerPage page = new ServerPage();
        JsonReader json = new JsonReader(in);
        json.object(name -> page.member(json, name));
        if (!page.listed) {
            throw new IOException("the answer has no list of servers");
        }
        return page;
    }

    List<Server> servers() {
        return servers;
    }

    /** How many servers match in all, as the API says; 0 when it does not. */
    long count() {
        return count;
    }

    private void member(JsonReader json, String name) throws IOException {
        if ("servers".equals(name) && json.nextIsArray()) {
            listed = true;
            json.array(() -> servers.add(server(json)));
        } else if ("count".equals(name)) {
            count = number(json.text());
        } else {
            json.skip();
        }
    }

    private static long number(String text) throws IOException {
        try {
            return text == null ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException("the answer's count is not a number");
        }
    }

    private static Server server(JsonReader json) throws IOException {
        Map<String, String> fields = new HashMap<>();
        List<Server.Address> addresses = new ArrayList<>();
        Map<String, String> tags = new LinkedHashMap<>();
        json.object(name -> {
            switch (name) {
                case "id":
                case "status":
                case "OS-EXT-AZ:availability_zone":
                    fields.put(name, json.text());
                    break;
                case "metadata":
                    json.object(key -> keep(json, key, "vpc_id", fields));
                    break;
                case "os:scheduler_hints":
                    json.object(key -> group(json, key, fields));
                    break;
                case "addresses":
                    json.object(vpc -> json.array(() -> address(json, vpc, addresses)));
                    break;
                case "tags":
                    json.array(() -> tag(json.text(), tags));
                    break;
                default:
                    json.skip();
            }
        });
        if (fields.get("id") == null) {
            throw new IOException("a server without an id is listed");
        }
        return new Server(fields.get("id"), fields.get("status"), fields.get("OS-EXT-AZ:availability_zone"),
                fields.get("vpc_id"), fields.get("group"), addresses, tags);
    }

    private static void keep(JsonReader json, String name, String wanted, Map<String, String> fields) throws IOException {
        if (name.equals(wanted)) {
            fields.put(name, json.text());
        } else {
            json.skip();
        }
    }

    /** The server group is a list of one id; older answers give the id alone. */
    private static void group(JsonReader json, String name, Map<String, String> fields) throws IOException {
        if ("group".equals(name) && json.nextIsArray()) {
            json.array(() -> fields.putIfAbsent(name, json.text()));
        } else {
            keep(json, name, "group", fields);
        }
    }

    /** Keeps private IPv4 addresses: an elastic IP stands beside them with the type "floating". */
    private static void address(JsonReader json, String vpc, List<Server.Address> addresses) throws IOException {
        Map<String, String> fields = new HashMap<>();
        json.object(name -> {
            if ("addr".equals(name) || "OS-EXT-IPS:type".equals(name)) {
                fields.put(name, json.text());
            } else {
                json.skip();
            }
        });
        String ip = fields.get("addr");
        if (ip != null && ip.indexOf(':') < 0 && !"floating".equals(fields.get("OS-EXT-IPS:type"))) {
            addresses.add(new Server.Address(vpc, ip));
        }
    }

    /** A tag is listed as "key=value", or "key" when its value is empty. */
    private static void tag(String text, Map<String, String> tags) {
        if (text != null) {
            int equals = text.indexOf('=');
            tags.put(equals < 0 ? text : text.substring(0, equals), equals < 0 ? "" : text.substring(equals + 1));
        }
    }
}
