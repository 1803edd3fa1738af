package io.ecsclusterkit.hazelcast;

/** An access key that signs requests, permanent or temporary (then with a security token). */
final class AccessKey {

    private final String id;
    private final String secret;
    private final String token;

    /** @param token the security token of a temporary key, or null */
    AccessKey(String id, String secret, String token) {
        this.id = id;
        this.secret = secret;
        this.token = token;
    }

    String id() {
        return id;
    }

    String secret() {
        return secret;
    }

    String token() {
        return token;
    }

    @Override
    public String toString() {
        return "access key ***";
    }
}
