package io.ecsclusterkit.hazelcast;

/** The cloud did not give what was asked for; the message is a sentence for the operator, free of secrets. */
final class CloudException extends Exception {

    /** What to do about it. */
    enum Kind {
        /** It may work in a moment: throttling, server errors, timeouts, a server that is still being made. */
        TROUBLE,
        /** The credentials were refused: asking again soon would lock the key. */
        REFUSED,
        /** What was asked for does not exist. */
        ABSENT,
        /** It will not work until somebody changes something. */
        FINAL
    }

    private static final long serialVersionUID = 1L;

    private final Kind kind;

    private CloudException(Kind kind, String sentence) {
        // Without a cause: those of the HTTP client can quote headers.
        super(sentence);
        this.kind = kind;
    }

    static CloudException trouble(String sentence) {
        return new CloudException(Kind.TROUBLE, sentence);
    }

    static CloudException refused(String sentence) {
        return new CloudException(Kind.REFUSED, sentence);
    }

    static CloudException absent(String sentence) {
        return new CloudException(Kind.ABSENT, sentence);
    }

    static CloudException lasting(String sentence) {
        return new CloudException(Kind.FINAL, sentence);
    }

    Kind kind() {
        return kind;
    }
}
