package io.ecsclusterkit.hazelcast;

import org.junit.jupiter.api.Test;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Signatures against those of Huawei Cloud's own SDKs. */
class RequestSignerTest {

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final Instant THEN = Instant.parse("2019-11-15T03:36:55Z");
    private static final AccessKey KEY = new AccessKey("AccessKey", "SecretKey", null);

    private static String signature(HttpCall call) {
        String authorization = RequestSigner.sign(call, KEY, THEN).headers().get("Authorization");
        String head = "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=host;x-sdk-date, Signature=";
        assertTrue(authorization.startsWith(head), authorization);
        return authorization.substring(head.length());
    }

    private static HttpCall call(String method, String host, String path) {
        return HttpCall.of(method, URI.create("https://" + host), path);
    }

    /** The vectors of AKSKSignerTest in the official Java SDK. */
    @Test
    void signsLikeThePublishedVectors() {
        String host = "service.region.example.com";
        assertEquals("fd95e7da6f695cfb4cabbb9d6b0968aec155bc576b064835282473539ae9ea1d",
                signature(call("GET", host, "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs").query("limit", "2")
                        .query("marker", "13551d6b-755d-4757-b956-536f674975c0")));
        assertEquals("919ad8b75d4ad49da0d377e63ee21c4a7a54b752f6bf2878b4adbe9c19927da6",
                signature(call("GET", "example.com", "/")));
    }

    @Test
    void theOrderOfQueryParametersDoesNotMatter() {
        HttpCall call = call("GET", "h", "/");
        assertEquals(signature(call.query("b", "1").query("a", "2").query("a", "10")),
                signature(call.query("a", "10").query("b", "1").query("a", "2")));
    }

    @Test
    void headersWithAnUnderscoreAreNotSigned() {
        HttpCall call = call("GET", "h", "/");
        assertEquals(signature(call), signature(call.header("x_dropped_by_proxies", "1")));
        assertEquals(signature(call), signature(call.header("_x", "1")));
    }

    @Test
    void everySignedPartMatters() {
        String plain = signature(call("GET", "h", "/p").query("a", "1"));
        assertNotEquals(plain, signature(call("PUT", "h", "/p").query("a", "1")));
        assertNotEquals(plain, signature(call("GET", "i", "/p").query("a", "1")));
        assertNotEquals(plain, signature(call("GET", "h", "/q").query("a", "1")));
        assertNotEquals(plain, signature(call("GET", "h", "/p").query("a", "2")));
    }

    @Test
    void signsLikeTheOfficialPythonSdk() throws IOException {
        int checked = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(new GZIPInputStream(
                RequestSignerTest.class.getResourceAsStream("/signer-vectors.jsonl.gz")), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                check(line);
                checked++;
            }
        }
        assertEquals(2000, checked);
    }

    private static void check(String line) throws IOException {
        Map<String, String> fields = new HashMap<>();
        List<String> query = new ArrayList<>();
        JsonReader json = new JsonReader(new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8)));
        json.object(name -> {
            if ("query".equals(name)) {
                json.array(() -> json.array(() -> query.add(json.text())));
            } else {
                fields.put(name, json.text());
            }
        });
        HttpCall call = HttpCall.of(fields.get("method"), URI.create("http://" + fields.get("host")), fields.get("path"));
        for (int i = 0; i < query.size(); i += 2) {
            call = call.query(query.get(i), query.get(i + 1));
        }
        if (!fields.get("body").isEmpty()) {
            call = call.json(fields.get("body"));
        }
        AccessKey key = new AccessKey(fields.get("access"), fields.get("secret"), fields.get("token"));
        HttpCall signed = RequestSigner.sign(call, key, Instant.from(DATE.parse(fields.get("date"))));
        assertEquals(fields.get("authorization"), signed.headers().get("Authorization"), line);
        // What is signed is what is sent.
        assertEquals(call.encodedPath() + (query.isEmpty() ? "" : "?" + call.encodedQuery()),
                call.uri().getRawPath() + (query.isEmpty() ? "" : "?" + call.uri().getRawQuery()));
    }
}
