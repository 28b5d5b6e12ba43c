console.log("a script beside fails.ts");
