package io.ecsclusterkit.hazelcast;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * ECS, IAM and one server's metadata service on a loopback port, with trouble on demand. Several regions are several
 * path prefixes ({@code /REGION/...}) of the same port.
 */
final class FakeCloud implements AutoCloseable {

    static {
        // Head and body of an answer are two packets, of which the second would wait 40 ms for the first one's receipt.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    static final String ACCESS_KEY = "AKTESTTESTTESTTEST01";
    static final String SECRET_KEY = "SkTestSecretSecretSecretSecretSecretSec1";
    static final String PASSWORD = "Pass\"word-Secret9";
    static final String AGENCY_ACCESS = "HSTAAGENCYAGENCYAGEN";
    static final String AGENCY_SECRET = "AgencySecretAgencySecretAgencySecret1234";
    static final String AGENCY_TOKEN = "gQpjbi1ub3J0aC00-security-token-of-the-agency";
    static final String IAM_TOKEN = "MIIYtokenMIIYtokenMIIYtoken-";

    /** One request as it came in. */
    static final class Seen {
        final String method;
        final String path;
        final Map<String, List<String>> query;
        final Map<String, String> headers = new HashMap<>();
        final String body;

        private Seen(HttpExchange exchange) throws IOException {
            method = exchange.getRequestMethod();
            path = exchange.getRequestURI().getPath();
            query = query(exchange.getRequestURI().getRawQuery());
            exchange.getRequestHeaders().forEach((name, values) -> headers.put(name.toLowerCase(), values.get(0)));
            body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        }

        String one(String name) {
            return query.getOrDefault(name, List.of("")).get(0);
        }

        boolean signed() {
            return headers.getOrDefault("authorization", "").startsWith("SDK-HMAC-SHA256 Access=");
        }
    }

    /** What to do instead of answering; returns whether it took the request over. */
    interface Trouble {
        boolean happens(Seen request, HttpExchange exchange) throws IOException;
    }

    final List<Seen> requests = Collections.synchronizedList(new ArrayList<>());
    /** Servers by region, in list order. */
    final Map<String, List<FakeServer>> regions = new ConcurrentHashMap<>();
    volatile Trouble trouble = (request, exchange) -> false;
    volatile String accessKey = ACCESS_KEY;
    volatile String password = PASSWORD;
    volatile int tokensGiven;
    /** Tokens that are accepted: of those that were given, the ones not taken back since. */
    final Set<String> tokens = ConcurrentHashMap.newKeySet();
    volatile boolean agency;
    volatile String agencyAccess = AGENCY_ACCESS;
    volatile Instant agencyKeyEnds = Instant.now().plusSeconds(3600);
    volatile boolean metadataWantsToken;
    volatile int metadataTokensGiven;
    volatile FakeServer host;
    volatile String hostRegion = "lab-north-1";
    volatile Integer pageCap;
    /** Whether a list says how many servers match in all. */
    volatile boolean counts = true;

    private final int port;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    FakeCloud() {
        try {
            server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 100);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        port = server.getAddress().getPort();
        begin();
    }

    private void begin() {
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Refuses connections until {@link #up}. */
    void down() {
        server.stop(0);
    }

    void up() {
        try {
            server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 100);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        begin();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    FakeServer add(String region, FakeServer added) {
        regions.computeIfAbsent(region, name -> Collections.synchronizedList(new ArrayList<>())).add(added);
        return added;
    }

    static String project(String region) {
        return "project-of-" + region;
    }

    /** Requests that carried credentials of any kind. */
    List<Seen> authorised() {
        synchronized (requests) {
            return requests.stream().filter(seen -> seen.signed() || seen.headers.containsKey("x-auth-token")
                    || seen.path.endsWith("/auth/tokens")).collect(Collectors.toList());
        }
    }

    List<Seen> to(String pathEnd) {
        synchronized (requests) {
            return requests.stream().filter(seen -> seen.path.endsWith(pathEnd)).collect(Collectors.toList());
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        Seen seen = new Seen(exchange);
        requests.add(seen);
        try {
            if (!trouble.happens(seen, exchange)) {
                route(seen, exchange);
            }
        } catch (RuntimeException e) {
            answer(exchange, 500, "{\"error\":{\"message\":\"" + e + "\"}}");
        } finally {
            exchange.close();
        }
    }

    private void route(Seen seen, HttpExchange exchange) throws IOException {
        if (seen.path.equals("/openstack/latest/meta_data.json") || seen.path.equals("/openstack/latest/securitykey")) {
            metadata(seen, exchange);
        } else if (seen.path.equals("/meta-data/latest/api/token") && metadataWantsToken && seen.method.equals("PUT")) {
            answer(exchange, 200, "metadata-token-" + ++metadataTokensGiven);
        } else if (seen.path.endsWith("/v3/auth/tokens")) {
            login(seen, exchange);
        } else if (seen.path.endsWith("/v3/projects")) {
            authorisedOnly(seen, exchange, () -> projects(seen, exchange));
        } else if (seen.path.endsWith("/cloudservers/detail")) {
            authorisedOnly(seen, exchange, () -> list(seen, exchange));
        } else {
            answer(exchange, 404, "not here: " + seen.path);
        }
    }

    private interface Answering {
        void run() throws IOException;
    }

    private void authorisedOnly(Seen seen, HttpExchange exchange, Answering answering) throws IOException {
        String authorization = seen.headers.getOrDefault("authorization", "");
        boolean key = authorization.startsWith("SDK-HMAC-SHA256 Access=" + accessKey + ", SignedHeaders=");
        boolean agencyKey = agency && authorization.startsWith("SDK-HMAC-SHA256 Access=" + agencyAccess + ",")
                && AGENCY_TOKEN.equals(seen.headers.get("x-security-token"))
                && authorization.contains("x-security-token");
        boolean token = tokens.contains(seen.headers.getOrDefault("x-auth-token", ""));
        if (key || agencyKey || token) {
            answering.run();
        } else {
            answer(exchange, 401, "{\"error_msg\":\"Incorrect IAM authentication information: verify aksk signature fail\","
                    + "\"error_code\":\"APIGW.0301\",\"request_id\":\"r\"}");
        }
    }

    private void metadata(Seen seen, HttpExchange exchange) throws IOException {
        if (metadataWantsToken && !("metadata-token-" + metadataTokensGiven).equals(seen.headers.get("x-metadata-token"))) {
            answer(exchange, 401, "Unauthorized");
        } else if (seen.path.endsWith("meta_data.json")) {
            answer(exchange, 200, "{\"random_seed\":\"" + "x".repeat(600) + "\",\"uuid\":\"" + host.id
                    + "\",\"availability_zone\":\"" + host.zone + "\",\"region_id\":\"" + hostRegion + "\",\"project_id\":\""
                    + project(hostRegion) + "\",\"meta\":{\"vpc_id\":\"" + host.vpc + "\"},\"services\":{\"domain\":\"\"}}");
        } else if (agency) {
            answer(exchange, 200, "{\"credential\":{\"access\":\"" + agencyAccess + "\",\"secret\":\"" + AGENCY_SECRET
                    + "\",\"securitytoken\":\"" + AGENCY_TOKEN + "\",\"expires_at\":\"" + agencyKeyEnds + "\"}}");
        } else {
            answer(exchange, 401, "Please configure Cloud Service Agency first");
        }
    }

    private void login(Seen seen, HttpExchange exchange) throws IOException {
        boolean right = seen.body.contains("\"password\":\"" + password.replace("\"", "\\\"") + "\"")
                && seen.body.contains("\"name\":\"user1\"") && seen.body.contains("\"domain\":{\"name\":\"domain1\"}");
        if (!right) {
            answer(exchange, 401, "{\"error\":{\"code\":401,\"message\":\"The username or password is wrong.\",\"title\":\"Unauthorized\"}}");
            return;
        }
        String region = seen.path.split("/")[1];
        String token = IAM_TOKEN + ++tokensGiven;
        tokens.add(token);
        exchange.getResponseHeaders().add("X-Subject-Token", token);
        answer(exchange, 201, "{\"token\":{\"expires_at\":\"2026-11-21T01:42:57.527363Z\",\"issued_at\":\"2026-11-20T01:42:57.527404Z\","
                + "\"catalog\":[{\"a\":[1,2]}],\"project\":{\"id\":\"" + project(region) + "\",\"name\":\"" + region + "\"}}}");
    }

    private void projects(Seen seen, HttpExchange exchange) throws IOException {
        String region = seen.one("name");
        String project = "{\"name\":\"" + region + "\",\"links\":{\"self\":\"x\"},\"id\":\"" + project(region) + "\"}";
        answer(exchange, 200, "{\"links\":{\"next\":null},\"projects\":[" + (regions.containsKey(region) ? project : "") + "]}");
    }

    private void list(Seen seen, HttpExchange exchange) throws IOException {
        String[] parts = seen.path.split("/");
        String region = parts[1];
        if (!parts[3].equals(project(region))) {
            answer(exchange, 403, "{\"error\":{\"message\":\"Policy doesn't allow ecs:cloudServers:list to be performed.\",\"code\":\"Ecs.0003\"}}");
            return;
        }
        List<FakeServer> matching;
        List<FakeServer> all = regions.getOrDefault(region, List.of());
        synchronized (all) {
            matching = all.stream().filter(server -> server.matches(seen.query)).collect(Collectors.toList());
        }
        int total = matching.size();
        String marker = seen.one("marker");
        if (!marker.isEmpty()) {
            int at = matching.stream().map(server -> server.id).collect(Collectors.toList()).indexOf(marker);
            matching = matching.subList(at + 1, total);
        }
        int limit = seen.one("limit").isEmpty() ? 25 : Integer.parseInt(seen.one("limit"));
        limit = pageCap == null ? limit : Math.min(limit, pageCap);
        String servers = matching.stream().limit(limit).map(FakeServer::json).collect(Collectors.joining(","));
        answer(exchange, 200, "{" + (counts ? "\"count\":" + total + "," : "") + "\"servers\":[" + servers + "]}");
    }

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static Map<String, List<String>> query(String raw) {
        Map<String, List<String>> query = new LinkedHashMap<>();
        for (String part : (raw == null ? "" : raw).split("&")) {
            String[] pair = part.split("=", 2);
            String value = pair.length < 2 ? "" : URLDecoder.decode(pair[1], StandardCharsets.UTF_8);
            query.computeIfAbsent(pair[0], name -> new ArrayList<>()).add(value);
        }
        return query;
    }
}
