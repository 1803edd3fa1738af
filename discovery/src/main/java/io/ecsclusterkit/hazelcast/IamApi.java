package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The two questions to IAM: the project of a region, and a token for a user. */
final class IamApi {

    /** What is assumed of a token that does not say when it ends. */
    private static final Duration SHORTEST_LIFE = Duration.ofMinutes(15);
    private static final Authenticator NONE = new Authenticator() {
        @Override
        public HttpCall authorise(HttpCall call, Site site, Deadline deadline) {
            return call;
        }

        @Override
        public boolean renew(Site site, Deadline deadline) {
            return false;
        }
    };

    private final ApiClient client;
    private final Endpoints endpoints;
    private final TimeSource time;

    IamApi(ApiClient client, Endpoints endpoints, TimeSource time) {
        this.client = client;
        this.endpoints = endpoints;
        this.time = time;
    }

    /**
     * The id of the region's own project: KeystoneListProjects, GET /v3/projects?name=REGION.
     *
     * @throws CloudException (final) when there is not exactly one
     */
    String projectId(Site site, Authenticator auth, Deadline deadline) throws CloudException {
        HttpCall call = HttpCall.of("GET", endpoints.iam(site.region()), "/v3/projects").query("name", site.region());
        List<String> ids = client.ask(call, "iam:projects:listProjects", auth, site, deadline,
                reply -> projects(reply.body(), site.region()));
        if (ids.size() != 1) {
            throw CloudException.lasting((ids.isEmpty() ? "IAM knows no project" : "IAM knows several projects")
                    + " of the region '" + site.region() + "': give project-id"
                    + Endpoints.zoneHint(site.region()).map(hint -> " (" + hint + ")").orElse(""));
        }
        return ids.get(0);
    }

    /** A token of 24 hours: KeystoneCreateUserTokenByPassword, POST /v3/auth/tokens. */
    TokenAuthenticator.Token login(IamLogin login, Site site, Deadline deadline) throws CloudException {
        HttpCall call = HttpCall.of("POST", endpoints.iam(site.region()), "/v3/auth/tokens").query("nocatalog", "1")
                .json(login.body(site));
        return client.ask(call, "to log in with a password (programmatic access)", NONE, site, deadline, this::token);
    }

    private static List<String> projects(InputStream in, String region) throws IOException {
        List<String> ids = new ArrayList<>();
        JsonReader json = new JsonReader(in);
        json.object(name -> {
            if (!"projects".equals(name)) {
                json.skip();
                return;
            }
            json.array(() -> {
                Map<String, String> project = strings(json, "id", "name");
                if (region.equals(project.get("name")) && project.get("id") != null) {
                    ids.add(project.get("id"));
                }
            });
        });
        return ids;
    }

    private TokenAuthenticator.Token token(HttpReply reply) throws IOException {
        String value = reply.header("X-Subject-Token").orElseThrow(() -> new IOException("it has no X-Subject-Token"));
        Map<String, String> fields = new HashMap<>();
        JsonReader json = new JsonReader(reply.body());
        json.object(name -> {
            if (!"token".equals(name)) {
                json.skip();
                return;
            }
            json.object(inner -> {
                if ("project".equals(inner)) {
                    fields.put(inner, strings(json, "id").get("id"));
                } else if ("expires_at".equals(inner) || "issued_at".equals(inner)) {
                    fields.put(inner, json.text());
                } else {
                    json.skip();
                }
            });
        });
        Duration life = life(fields.get("issued_at"), fields.get("expires_at"));
        return new TokenAuthenticator.Token(value, fields.get("project"), time.nanos() + life.toNanos());
    }

    /** From both ends by the cloud's own clock, so that this server's clock does not matter. */
    private Duration life(String issued, String expires) {
        try {
            OffsetDateTime end = OffsetDateTime.parse(expires);
            return issued == null ? Duration.between(time.now(), end) : Duration.between(OffsetDateTime.parse(issued), end);
        } catch (DateTimeException | NullPointerException e) {
            return SHORTEST_LIFE;
        }
    }

    private static Map<String, String> strings(JsonReader json, String... wanted) throws IOException {
        Map<String, String> found = new HashMap<>();
        json.object(name -> {
            if (List.of(wanted).contains(name)) {
                found.put(name, json.text());
            } else {
                json.skip();
            }
        });
        return found;
    }
}
