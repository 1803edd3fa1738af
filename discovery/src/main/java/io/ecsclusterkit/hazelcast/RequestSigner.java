package io.ecsclusterkit.hazelcast;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs requests as Huawei Cloud's API gateway wants it: SDK-HMAC-SHA256, as in "API signing guide"
 * (support.huaweicloud.com/devg-apisign) and the official SDKs.
 */
final class RequestSigner {

    private static final String ALGORITHM = "SDK-HMAC-SHA256";
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private RequestSigner() {
    }

    /** The same request with X-Sdk-Date, X-Security-Token (of a temporary key) and Authorization. */
    static HttpCall sign(HttpCall call, AccessKey key, Instant now) {
        String date = DATE.format(now);
        HttpCall dated = call.header("X-Sdk-Date", date);
        if (key.token() != null) {
            dated = dated.header("X-Security-Token", key.token());
        }
        Map<String, String> headers = signedHeaders(dated);
        String names = String.join(";", headers.keySet());
        String toSign = ALGORITHM + "\n" + date + "\n" + sha256(canonical(dated, headers, names));
        String signature = hex(hmac(key.secret(), toSign));
        return dated.header("Authorization",
                ALGORITHM + " Access=" + key.id() + ", SignedHeaders=" + names + ", Signature=" + signature);
    }

    /** All headers by lower-case name; those with an underscore are not signed, because proxies drop them. */
    private static Map<String, String> signedHeaders(HttpCall call) {
        Map<String, String> headers = new TreeMap<>();
        headers.put("host", call.host());
        call.headers().forEach((name, value) -> {
            if (name.indexOf('_') < 0) {
                headers.put(name.toLowerCase(Locale.ROOT), value.trim());
            }
        });
        return headers;
    }

    private static String canonical(HttpCall call, Map<String, String> headers, String names) {
        String path = call.encodedPath();
        StringBuilder out = new StringBuilder(call.method()).append('\n')
                .append(path).append(path.endsWith("/") ? "\n" : "/\n")
                .append(call.encodedQuery()).append('\n');
        headers.forEach((name, value) -> out.append(name).append(':').append(value).append('\n'));
        return out.append('\n').append(names).append('\n').append(sha256(call.body())).toString();
    }

    private static String sha256(String text) {
        try {
            return hex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static byte[] hmac(String secret, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) {
            out.append(Character.forDigit((b >> 4) & 0xF, 16)).append(Character.forDigit(b & 0xF, 16));
        }
        return out.toString();
    }
}
