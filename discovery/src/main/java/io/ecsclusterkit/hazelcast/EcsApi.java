package io.ecsclusterkit.hazelcast;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The list of servers: ListServersDetails, GET /v1/{project_id}/cloudservers/detail. */
final class EcsApi {

    static final String PERMISSION = "ecs:cloudServers:list";
    /** The largest page the API gives: a question less for each thousand servers. */
    private static final int PAGE = 1000;

    private final ApiClient client;
    private final Authenticator auth;
    private final Endpoints endpoints;

    EcsApi(ApiClient client, Authenticator auth, Endpoints endpoints) {
        this.client = client;
        this.auth = auth;
        this.endpoints = endpoints;
    }

    /** All ACTIVE servers of the site that carry all of these tags. */
    Collection<Server> active(Site site, Map<String, String> tags, Deadline deadline) throws CloudException {
        HttpCall call = list(site).query("limit", Integer.toString(PAGE)).query("status", "ACTIVE");
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            call = call.query("tags", tag.getValue().isEmpty() ? tag.getKey() : tag.getKey() + "=" + tag.getValue());
        }
        Map<String, Server> found = new LinkedHashMap<>();
        String last = null;
        long seen = 0;
        long total = 0;
        while (true) {
            ServerPage page = page(last == null ? call : call.query("marker", last), site, deadline);
            seen += page.servers().size();
            total = Math.max(total, page.count());
            int before = found.size();
            page.servers().forEach(server -> found.put(server.id(), server));
            boolean end = total > 0 ? seen >= total : page.servers().size() < PAGE;
            if (end || page.servers().isEmpty()) {
                break;
            }
            if (found.size() == before) {
                throw CloudException.trouble("the list of servers in " + site + " repeats itself instead of going on");
            }
            last = page.servers().get(page.servers().size() - 1).id();
        }
        // The status filter lets related states through, and an old API may not know a filter at all.
        found.values().removeIf(server -> !server.active() || !server.tags().entrySet().containsAll(tags.entrySet()));
        return found.values();
    }

    /** One server by its id, whatever its state; nothing when it does not exist (any more). */
    Optional<Server> byId(Site site, String id, Deadline deadline) throws CloudException {
        // The permission to list is enough for this, unlike GET /cloudservers/{id}.
        HttpCall call = list(site).query("server_id", id);
        try {
            return page(call, site, deadline).servers().stream()
                    .filter(server -> id.equals(server.id()) && server.exists()).findFirst();
        } catch (CloudException e) {
            if (e.kind() == CloudException.Kind.ABSENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** One server by its private address. */
    Optional<Server> byAddress(Site site, String ip, Deadline deadline) throws CloudException {
        HttpCall call = list(site).query("ip_eq", ip);
        return page(call, site, deadline).servers().stream().filter(server -> server.exists()
                && server.addresses().stream().anyMatch(address -> ip.equals(address.ip()))).findFirst();
    }

    private HttpCall list(Site site) {
        return HttpCall.of("GET", endpoints.ecs(site.region()), "/v1/" + site.projectId() + "/cloudservers/detail");
    }

    private ServerPage page(HttpCall call, Site site, Deadline deadline) throws CloudException {
        return client.ask(call, PERMISSION, auth, site, deadline, reply -> ServerPage.read(reply.body()));
    }
}
