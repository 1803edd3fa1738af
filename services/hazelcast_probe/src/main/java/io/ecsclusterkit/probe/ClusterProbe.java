package io.ecsclusterkit.probe;

import java.time.Duration;

/**
 * Asks every member of a cluster whom it sees and whether what was written through the others can be read through it.
 * Prints one JSON object; whether the answers are good is for the reader to judge.
 */
public final class ClusterProbe {

    private static final int ASKED = 0;
    private static final int WRONG_ARGUMENTS = 2;
    private static final int FAILED = 1;
    /** What starting and ending may take beyond the timeout. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private ClusterProbe() {
    }

    /** Exit status 0 when the questions were asked, whatever the answers; 2 when the command line is wrong, 1 when the probe itself failed. */
    public static void main(String[] words) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(words);
        } catch (IllegalArgumentException e) {
            end(WRONG_ARGUMENTS, e.getMessage() + "\n" + Arguments.USAGE);
            return;
        }
        watch(arguments.timeout().plus(GRACE));
        try {
            System.out.println(Json.write(new Survey(arguments).run()));
            System.out.flush();
            end(ASKED, null);
        } catch (Exception e) {
            end(FAILED, e.toString());
        }
    }

    /** Ends the process whatever the clients are stuck in. */
    private static void watch(Duration limit) {
        Thread thread = new Thread(() -> {
            try {
                Thread.sleep(limit.toMillis());
                end(FAILED, "no end within " + limit.toSeconds() + " s");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "watch");
        thread.setDaemon(true);
        thread.start();
    }

    /** Not exit(): the threads and shutdown hooks of a client that is stuck would hold up the end. */
    private static void end(int status, String message) {
        if (message != null) {
            System.err.println("ClusterProbe: " + message);
        }
        Runtime.getRuntime().halt(status);
    }
}
