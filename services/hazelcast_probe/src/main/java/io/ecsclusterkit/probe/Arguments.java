package io.ecsclusterkit.probe;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What the command line asks for. */
final class Arguments {

    static final String USAGE = "usage: ClusterProbe --cluster-name NAME --members HOST:PORT,HOST:PORT,... [--timeout-seconds N]";
    private static final int USUAL_SECONDS = 20;
    private static final int LONGEST_SECONDS = 600;
    private static final int HIGHEST_PORT = 65535;

    private String clusterName;
    private List<String> members = List.of();
    private Duration timeout = Duration.ofSeconds(USUAL_SECONDS);

    private Arguments() {
    }

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException with one sentence, when it is wrong
     */
    static Arguments parse(String... words) {
        Arguments arguments = new Arguments();
        for (int i = 0; i < words.length; i += 2) {
            if (i + 1 == words.length) {
                throw new IllegalArgumentException(words[i] + " has no value");
            }
            arguments.set(words[i], words[i + 1]);
        }
        if (arguments.clusterName == null) {
            throw new IllegalArgumentException("--cluster-name is missing");
        }
        if (arguments.members.isEmpty()) {
            throw new IllegalArgumentException("--members is missing");
        }
        return arguments;
    }

    private void set(String option, String value) {
        switch (option) {
            case "--cluster-name":
                if (value.isBlank()) {
                    throw new IllegalArgumentException("--cluster-name is empty");
                }
                clusterName = value;
                break;
            case "--members":
                members = members(value);
                break;
            case "--timeout-seconds":
                timeout = Duration.ofSeconds(number(value, LONGEST_SECONDS, "--timeout-seconds '" + value + "'"));
                break;
            default:
                throw new IllegalArgumentException("'" + option + "' is no option");
        }
    }

    private static List<String> members(String list) {
        List<String> found = new ArrayList<>();
        for (String member : list.split(",", -1)) {
            String text = member.trim();
            int colon = text.lastIndexOf(':');
            if (colon < 1) {
                throw new IllegalArgumentException("member '" + text + "' is not HOST:PORT");
            }
            number(text.substring(colon + 1), HIGHEST_PORT, "the port of member '" + text + "'");
            if (found.contains(text)) {
                throw new IllegalArgumentException("member '" + text + "' is given twice");
            }
            found.add(text);
        }
        return List.copyOf(found);
    }

    private static int number(String text, int most, String what) {
        int number = text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > most) {
            throw new IllegalArgumentException(what + " is not a number from 1 to " + most);
        }
        return number;
    }

    String clusterName() {
        return clusterName;
    }

    /** Each as HOST:PORT, as given. */
    List<String> members() {
        return members;
    }

    Duration timeout() {
        return timeout;
    }
}
