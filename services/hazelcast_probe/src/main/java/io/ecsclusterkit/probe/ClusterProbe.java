package io.ecsclusterkit.probe;

/**
 * Asks every member of a cluster whom it sees and whether what was written through the others can be read through it.
 * Prints one JSON object; whether the answers are good is for the reader to judge.
 */
public final class ClusterProbe {

    private static final int ASKED = 0;
    private static final int WRONG_ARGUMENTS = 2;
    private static final int INTERRUPTED = 3;

    private ClusterProbe() {
    }

    /** Exit status 0 when the questions were asked, whatever the answers; 2 when the command line is wrong. */
    public static void main(String[] words) {
        int status;
        try {
            System.out.println(Json.write(new Survey(Arguments.parse(words)).run()));
            status = ASKED;
        } catch (IllegalArgumentException e) {
            System.err.println("ClusterProbe: " + e.getMessage() + "\n" + Arguments.USAGE);
            status = WRONG_ARGUMENTS;
        } catch (InterruptedException e) {
            System.err.println("ClusterProbe: interrupted");
            status = INTERRUPTED;
        }
        System.out.flush();
        // Not exit(): a client that cannot shut down must not hold up the answer.
        Runtime.getRuntime().halt(status);
    }
}
