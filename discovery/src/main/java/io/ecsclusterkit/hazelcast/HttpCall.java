package io.ecsclusterkit.hazelcast;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One HTTP request, immutable; its {@code toString} shows neither headers nor body, which carry secrets. */
final class HttpCall {

    private final String method;
    private final URI base;
    private final String path;
    private final List<Map.Entry<String, String>> query;
    private final Map<String, String> headers;
    private final String body;

    private HttpCall(String method, URI base, String path, List<Map.Entry<String, String>> query,
                     Map<String, String> headers, String body) {
        this.method = method;
        this.base = base;
        this.path = path;
        this.query = query;
        this.headers = headers;
        this.body = body;
    }

    /**
     * A request without headers, query or body.
     *
     * @param base scheme and authority, perhaps with a path before the API's own
     * @param path the API's path, not encoded
     */
    static HttpCall of(String method, URI base, String path) {
        return new HttpCall(method, base, path, List.of(), Map.of(), "");
    }

    HttpCall query(String name, String value) {
        List<Map.Entry<String, String>> more = new ArrayList<>(query);
        more.add(Map.entry(name, value));
        return new HttpCall(method, base, path, Collections.unmodifiableList(more), headers, body);
    }

    HttpCall header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new HttpCall(method, base, path, query, Collections.unmodifiableMap(more), body);
    }

    HttpCall json(String text) {
        return new HttpCall(method, base, path, query, headers, text).header("Content-Type", "application/json");
    }

    String method() {
        return method;
    }

    Map<String, String> headers() {
        return headers;
    }

    String body() {
        return body;
    }

    /** The Host header the JDK's client sends: the port only when it is not the scheme's own. */
    String host() {
        int port = base.getPort();
        boolean usual = port < 0 || port == ("https".equals(base.getScheme()) ? 443 : 80);
        return usual ? base.getHost() : base.getHost() + ":" + port;
    }

    /** The whole path, percent-encoded. */
    String encodedPath() {
        return Percent.encodePath(base.getPath() + path);
    }

    /** The query in the order in which it is signed: by name, then by value, of what was meant (before encoding). */
    String encodedQuery() {
        List<Map.Entry<String, String>> sorted = new ArrayList<>(query);
        sorted.sort((a, b) -> {
            int byName = compare(a.getKey(), b.getKey());
            return byName != 0 ? byName : compare(a.getValue(), b.getValue());
        });
        StringBuilder out = new StringBuilder();
        for (Map.Entry<String, String> parameter : sorted) {
            out.append(out.length() == 0 ? "" : "&").append(Percent.encode(parameter.getKey())).append('=')
                    .append(Percent.encode(parameter.getValue()));
        }
        return out.toString();
    }

    /** Order of code points, which differs from {@link String#compareTo} beyond the basic plane. */
    private static int compare(String a, String b) {
        return Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    URI uri() {
        String q = encodedQuery();
        return URI.create(base.getScheme() + "://" + base.getRawAuthority() + encodedPath() + (q.isEmpty() ? "" : "?" + q));
    }

    @Override
    public String toString() {
        return method + " " + base.getScheme() + "://" + base.getRawAuthority() + base.getPath() + path;
    }
}
