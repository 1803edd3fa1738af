package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The metadata service of a server (169.254.169.254): OpenStack's paths, in the form that answers anybody on the server
 * and in the one that wants a token first.
 */
final class MetadataApi {

    private static final String TOKEN_LIFE_SECONDS = "21600";
    /** What a server without one is told. A 401 that says anything else is no reason to go without the other servers. */
    private static final String NO_AGENCY = "configure Cloud Service Agency";

    private final HttpTransport transport;
    private final URI endpoint;
    private volatile String token;

    MetadataApi(HttpTransport transport, URI endpoint) {
        this.transport = transport;
        this.endpoint = endpoint;
    }

    /** Who this server is: GET /openstack/latest/meta_data.json. */
    Identity identity(Deadline deadline) throws CloudException {
        try (HttpReply reply = get("/openstack/latest/meta_data.json", deadline)) {
            if (!reply.ok()) {
                throw unusable("answered " + reply.status());
            }
            Map<String, String> fields = fields(reply, null);
            String zone = fields.get("availability_zone");
            String region = fields.get("region_id");
            if (region == null && zone != null) {
                region = Endpoints.regionOf(zone).orElse(null);
            }
            return new Identity(fields.get("uuid"), fields.get("project_id"), region, zone);
        } catch (IOException e) {
            throw unusable("sent an answer that could not be read: " + e.getMessage());
        }
    }

    /** The temporary key of this server's agency, or nothing when it has none: GET /openstack/latest/securitykey. */
    Optional<AgencyKey.TemporaryKey> temporaryKey(Deadline deadline) throws CloudException {
        try (HttpReply reply = get("/openstack/latest/securitykey", deadline)) {
            if (!reply.ok()) {
                if (reply.status() == 404 || reply.status() == 401 && reply.text().contains(NO_AGENCY)) {
                    return Optional.empty();
                }
                throw unusable("answered " + reply.status() + " when asked for the agency's key");
            }
            Map<String, String> fields = fields(reply, "credential");
            if (fields.get("access") == null || fields.get("secret") == null || fields.get("secret").isEmpty()) {
                throw unusable("sent an agency's key without its parts");
            }
            AccessKey key = new AccessKey(fields.get("access"), fields.get("secret"), fields.get("securitytoken"));
            return Optional.of(new AgencyKey.TemporaryKey(key, end(fields.get("expires_at"))));
        } catch (IOException e) {
            throw unusable("sent a key that could not be read: " + e.getMessage());
        }
    }

    /** Asks without a token until the service wants one, then with it; an old token is replaced once. */
    private HttpReply get(String path, Deadline deadline) throws CloudException {
        HttpReply reply = send(path, deadline);
        if (reply.status() != 401 && reply.status() != 403) {
            return reply;
        }
        String fresh = freshToken(deadline);
        if (fresh == null) {
            return reply;
        }
        reply.close();
        token = fresh;
        return send(path, deadline);
    }

    private HttpReply send(String path, Deadline deadline) throws CloudException {
        HttpCall call = HttpCall.of("GET", endpoint, path);
        return transport.send(token == null ? call : call.header("X-Metadata-Token", token), deadline);
    }

    /** A token, or null where the service has none to give: most regions answer 404, 405 or 503. */
    private String freshToken(Deadline deadline) throws CloudException {
        HttpCall call = HttpCall.of("PUT", endpoint, "/meta-data/latest/api/token")
                .header("X-Metadata-Token-Ttl-Seconds", TOKEN_LIFE_SECONDS);
        try (HttpReply reply = transport.send(call, deadline)) {
            String text = reply.ok() ? reply.text().trim() : "";
            return text.isEmpty() ? null : text;
        } catch (IOException e) {
            throw unusable("sent a token that could not be read");
        }
    }

    /** The strings of the answer, or of the object of that name inside it. */
    private static Map<String, String> fields(HttpReply reply, String inside) throws IOException {
        Map<String, String> fields = new HashMap<>();
        JsonReader json = new JsonReader(reply.body());
        json.object(name -> {
            if (inside == null) {
                fields.put(name, json.text());
            } else if (inside.equals(name)) {
                json.object(inner -> fields.put(inner, json.text()));
            } else {
                json.skip();
            }
        });
        return fields;
    }

    /** When a key ends; one that does not say so is fetched anew each time. */
    private static Instant end(String text) {
        try {
            return text == null ? Instant.MIN : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            return Instant.MIN;
        }
    }

    private CloudException unusable(String what) {
        return CloudException.trouble("the metadata service (" + endpoint + ") " + what);
    }
}
