package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The ports on which members listen on every server. */
final class PortRange {

    private static final int FIRST = 5701;
    /** A bare port from here to {@link #LARGEST_BARE} is "the largest port" of a range that begins at 5701. */
    private static final int SMALLEST_BARE = 5702;
    private static final int LARGEST_BARE = 5708;
    private static final int MOST_PORTS = 100;
    private static final int HIGHEST_PORT = 65535;
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(?:\\s*-\\s*(\\d{1,9}))?");

    private final int from;
    private final int to;

    private PortRange(int from, int to) {
        this.from = from;
        this.to = to;
    }

    /**
     * Reads {@code 5701}, {@code 5701-5703} or {@code 5703} (5701 up to 5703).
     *
     * @throws InvalidConfigurationException with the forms, for anything else
     */
    static PortRange parse(String text) {
        Matcher form = FORM.matcher(text.trim());
        if (!form.matches()) {
            throw invalid(text, "is not a port");
        }
        int first = Integer.parseInt(form.group(1));
        int last = form.group(2) == null ? first : Integer.parseInt(form.group(2));
        if (first < 1 || last > HIGHEST_PORT) {
            throw invalid(text, "is outside 1 to 65535");
        }
        if (last < first) {
            throw invalid(text, "is reversed");
        }
        if (last - first >= MOST_PORTS) {
            throw invalid(text, "is more than 100 ports");
        }
        boolean largestPort = form.group(2) == null && first >= SMALLEST_BARE && first <= LARGEST_BARE;
        return new PortRange(largestPort ? FIRST : first, last);
    }

    private static InvalidConfigurationException invalid(String text, String why) {
        return new InvalidConfigurationException("port '" + text + "' " + why + ": give '5701' (that port), "
                + "'5701-5703' (a range of at most 100 ports) or '5703' (5702 to 5708: from 5701 up to it).");
    }

    boolean holds(int port) {
        return port >= from && port <= to;
    }

    int from() {
        return from;
    }

    int to() {
        return to;
    }

    @Override
    public String toString() {
        return from == to ? Integer.toString(from) : from + "-" + to;
    }
}
