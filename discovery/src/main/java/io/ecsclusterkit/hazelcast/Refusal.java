package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** Makes one sentence of a 401 or 403: what is wrong with the credentials and what to do about it. */
final class Refusal {

    /** The API accepts signatures of 15 minutes around its own time. */
    private static final Duration ACCEPTED_SKEW = Duration.ofMinutes(15);
    /** Rounding of the Date header and the answer's way. */
    private static final Duration MARGIN = Duration.ofSeconds(30);

    private final TimeSource time;

    Refusal(TimeSource time) {
        this.time = time;
    }

    boolean applies(HttpReply reply) {
        return reply.status() == 401 || reply.status() == 403;
    }

    String sentence(HttpReply reply, HttpCall call, String permission) throws IOException {
        ErrorBody body = ErrorBody.of(reply.text());
        return reason(reply, body, permission) + " (" + call + " answered " + reply.status() + " " + body + ")";
    }

    private String reason(HttpReply reply, ErrorBody body, String permission) {
        Duration ahead = clockAhead(reply);
        if (reply.status() == 401 && ahead.abs().compareTo(ACCEPTED_SKEW.minus(MARGIN)) > 0) {
            return "this server's clock is " + inWords(ahead) + " the API's and signatures are accepted within 15 minutes: "
                    + "set the clock (chrony)";
        }
        if (body.says("limit,forbidden") || body.says("reach the limit")) {
            return "the access key is locked for five minutes after too many wrong signatures: correct the keys and wait";
        }
        if (body.says("aksk signature")) {
            return "the signature is wrong: the secret key does not belong to the access key";
        }
        if (body.says("secretkey failed") || body.says("ak not exist") || body.says("aksk not exist")) {
            return "the access key is unknown: it was deleted, disabled or mistyped";
        }
        if (body.says("token expires") || body.says("decrypt token")) {
            return "the token or temporary key is no longer valid";
        }
        return reply.status() == 403
                ? "the user or agency behind the credentials lacks the permission " + permission
                : "the credentials were refused: they are wrong, disabled or have ended";
    }

    private Duration clockAhead(HttpReply reply) {
        try {
            return reply.header("Date")
                    .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant())
                    .map(theirs -> Duration.between(theirs, time.now()))
                    .orElse(Duration.ZERO);
        } catch (DateTimeException e) {
            return Duration.ZERO;
        }
    }

    private static String inWords(Duration ahead) {
        long minutes = ahead.abs().plusSeconds(30).toMinutes();
        return (minutes < 120 ? minutes + " minutes" : (minutes + 30) / 60 + " hours")
                + (ahead.isNegative() ? " behind" : " ahead of");
    }
}
